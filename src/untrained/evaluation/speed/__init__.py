"""The speed bench: time per step, operations, memory, start-up, seconds to a target PSNR."""
