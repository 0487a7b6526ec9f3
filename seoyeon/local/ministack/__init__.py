"""MiniStack, the emulator of AWS: its process, its Python environment and clients for it."""
