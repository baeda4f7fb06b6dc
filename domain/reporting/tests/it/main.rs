//! Reports as the owner gets them, over rows that the owners of the tables would have written.

mod books;
mod clinic;
mod money;
mod register;
