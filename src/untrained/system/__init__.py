"""The computer: processor, memory, threads, progress.

* `allocator`: keep freed memory
* `plugins`: modules of other packages that register something
* `heartbeat`: progress of long work, and its end
* `machine`: processor, memory, speed
* `parallel`: several parts of a work at once
* `progress`: progress bars
* `signals`: Ctrl-C and other requests to end
* `terminal`: words on the terminal, in any encoding
* `silence`: silence other packages
"""
