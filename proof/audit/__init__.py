"""What users of this distribution install, and whether they may and should: `just audit`.

locks       the distributions that a lock pins, and who needs them
licences    what each says of its licence, held to requirements/audit.toml
advisories  known vulnerabilities: of a folder of advisories, else asked over the network
bill        the CycloneDX bill of materials; runs in an environment of its own, .venv-audit
"""
