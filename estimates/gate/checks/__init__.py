"""The checks of the gate, one idea a file; `gate.registry` lists them."""
