"""Who may write what: keys of people and jobs, and the record that says what each may do.

public_key     a key as text, and whether a signature is its
private_key    the file that holds one, and signatures by it
access_record  who may do what in which sets; the store's root keys sign it
rights         what each kind of event asks for
"""
