"""The command line: one file in, one file out.

* `start`: the process: signals, streams, other packages' warnings
* `cli`: the entry point
* `application`: the verbs, and the exit statuses
* `commands`: one file for each command
* `describe`: from arguments to a problem
* `restore_file`: from file to file
* `compare_file`: ours and the baselines on one file
* `prior_sheet`: two priors on one contact sheet
* `inputs_apart`: no command replaces what it reads
* `kept_fit`: where an unwritten fit is kept
* `invocation`: the command as it was typed
* `interruption`: Ctrl-C hands over the picture so far
* `keeping`: the unfinished fit, kept now and then
* `waiting`: a spinner for long preparation
"""
