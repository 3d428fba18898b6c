"""One run from settings to report: synthesize, judge, write the report; what it comes to is kept while nothing changes.

It knows the order of the steps, and on what a whole run depends. Each step is the command that anybody can call.
"""
