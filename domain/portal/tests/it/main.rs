mod door;
mod house;
mod after;
mod family;
mod waiting;
