"""The computer: processor, memory, threads, progress.

* `allocator`: keep freed memory
* `plugins`: modules of other packages that register something
* `heartbeat`: progress of long work, and its end
* `machine`: processor, memory, speed
* `parallel`: several parts of a work at once
* `progress`: progress bars
* `silence`: silence other packages
* `torch_state`: work in torch's usual state, leave the caller's alone
"""
