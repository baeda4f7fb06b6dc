//! The inbox without any language: what a door hands over.

mod inbox;
mod partners;
