mod booking;
