mod door;
mod house;
mod after;
