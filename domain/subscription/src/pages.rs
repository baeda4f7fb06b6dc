//! What people see: the public site, the way in, the customer's own pages, the operator's desk.

pub mod branches;
pub mod customer;
pub mod exports;
pub mod first_steps;
pub mod front;
pub mod invoices;
pub mod operator;
pub mod pay;
pub mod sign_up;
