"""What shows that the gate is worth having: faults that it must find, real days that it must let
through, mutants.

examples      versions of the two example sets to put faults into: eight trading days of prices, two
              weeks of scores
faults        the faults, one function each, and how each arrives
fault_table   what the gate says to each of them; writes docs/faults.md
forecasts     versions of the example set for every trading day of some years, computed once and
              kept in a folder
false_alarms  what the default policy says to each of them; writes its part of docs/gate.md
mutants       flips limits and comparisons, and runs the tests that must notice; writes
              docs/mutants.md
"""
