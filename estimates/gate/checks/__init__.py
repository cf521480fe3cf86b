"""One check a file, named like the check (`frozen_check` where another module has the name)."""
