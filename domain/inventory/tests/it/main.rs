//! One test binary: the days of this slice, through real pages.
