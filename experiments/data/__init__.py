"""Data: find, download and check images and weights; prepare training images; look for leaks."""
