mod backup;
mod crash;
mod invented;
mod isolation;
mod packages;
mod rights;
mod sql_texts;
mod world;
