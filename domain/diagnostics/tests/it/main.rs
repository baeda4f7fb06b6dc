mod api;
mod basket;
mod work;
mod world;
