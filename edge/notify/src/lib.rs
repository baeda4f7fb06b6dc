//! Short messages and e-mail: the providers that carry them to a phone or a mailbox.
