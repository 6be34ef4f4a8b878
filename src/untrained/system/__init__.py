"""The computer: processor, memory, threads, progress.

* `allocator`: keep freed memory
* `plugins`: modules of other packages that register something
* `files`: open the files that a user names
* `heartbeat`: progress of long work, and its end
* `machine`: processor, memory, speed
* `parallel`: several parts of a work at once
* `progress`: progress bars
* `silence`: silence other packages
* `words`: words of others, fit for a message
"""
