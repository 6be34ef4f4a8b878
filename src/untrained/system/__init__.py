"""What the computer is: processor, memory, threads, the allocator, a progress bar."""
