mod facility;
mod import;
mod prices;
