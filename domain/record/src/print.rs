//! From a filled form to the data of its printed paper.

