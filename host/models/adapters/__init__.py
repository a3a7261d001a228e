"""The adapters that ship with midspan: weights (safetensors) and how to merge them (JSON)."""
