//! Two servers with a database each and nothing in common but each other's certificate.

mod two_servers;
