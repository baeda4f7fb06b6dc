mod booking;
mod desk;
mod race;
