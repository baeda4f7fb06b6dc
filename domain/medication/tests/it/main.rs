mod desk;
mod doors;
mod habits;
mod world;
