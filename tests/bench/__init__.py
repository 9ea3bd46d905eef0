"""`make bench`: what the tap, the brokers and the page cost, measured side by side in one run. Nothing here is asserted.

One measurement a file, each a function `measure(scene, size)` that yields rows; `places` starts what is measured, `client` is
the program that measures from outside, `clients` starts it. Ratios count: absolute numbers belong to the machine and its mood.
"""
