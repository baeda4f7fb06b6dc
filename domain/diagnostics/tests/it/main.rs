mod api;
mod basket;
mod imaging_capture;
mod imaging_report;
mod imaging_world;
mod work;
mod world;
