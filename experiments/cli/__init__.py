"""The command `zero-leinr`; one module a stage."""
