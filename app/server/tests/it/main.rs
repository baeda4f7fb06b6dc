mod backup;
mod crash;
mod isolation;
mod packages;
mod rights;
mod sql_texts;
mod world;
