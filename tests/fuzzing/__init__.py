"""A million inputs for everything that reads what others wrote: `make fuzz`.

A Target makes inputs from right ones by changes that know their structure, and states what must hold of the answer. run.py
tries them in processes of their own, with bounds of time and memory, and prints how many there were. Whatever made a target
answer in a new way is changed further, so that inputs wander into corners that single changes do not reach.
"""
