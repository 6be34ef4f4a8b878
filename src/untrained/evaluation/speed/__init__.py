"""How fast it is on this machine: steps, operations, memory, start-up, seconds to a quality."""
