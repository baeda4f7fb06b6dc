mod audit_chain;
mod sign_in;
mod staff;
