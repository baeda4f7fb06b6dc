//! Electronic invoices: the provider that issues, adjusts and replaces them with the tax authority.
