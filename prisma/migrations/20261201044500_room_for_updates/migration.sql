-- An update of a user's row that changes no indexed column touches no index where its page has room.

-- by hand

-- Pages that are full keep their rows; new ones leave room.
ALTER TABLE users SET (fillfactor = 85);
