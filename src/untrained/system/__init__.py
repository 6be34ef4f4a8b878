"""The computer: processor, memory, threads, progress, files that are written.

* `allocator`: keep freed memory
* `plugins`: modules of other packages that register something
* `files`: open the files that a user names
* `heartbeat`: progress of long work, and its end
* `machine`: processor, memory, speed
* `parallel`: several parts of a work at once
* `progress`: progress bars
* `signals`: Ctrl-C and other requests to end
* `terminal`: words on the terminal, in any encoding
* `silence`: silence other packages
* `output_files`: files written whole or not at all, where a file belongs
* `owned_folder`: folders that hold only what we wrote
* `locks`: one process a time writes an output
* `rescue`: where work is kept that could not be written
* `words`: words of others, fit for a message
* `torch_state`: work in torch's usual state, leave the caller's alone
"""
