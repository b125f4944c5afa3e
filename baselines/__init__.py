"""The methods that Zero-LEINR is compared with: one file a method, one entry a row."""
