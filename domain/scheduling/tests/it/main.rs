mod booking;
mod race;
