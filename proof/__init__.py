"""Evidence that the gate is worth having: faults that it must find, real days that it must let
through, mutants that its tests must notice.

scenes        versions of the two example sets to put faults into: eight trading days of prices, two
              weeks of scores
fault         what a fault is, and what the gate answers; faults_…: the faults, one function each
fault_table   what the gate says to each of them; writes proof/faults.md
forecasts     versions of the example set for every trading day of some years, computed once and
              stored in a folder
false_alarms  what the default policy says to each of them; writes proof/false_alarms.md
mutants       flips limits and comparisons, and runs the tests that must notice; writes
              proof/mutants.md
"""
