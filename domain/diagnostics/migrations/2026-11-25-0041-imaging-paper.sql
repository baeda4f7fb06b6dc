-- A copy of a still that is just large enough for paper, made when it comes in: printing then only puts pictures side
-- by side. Stills that are small enough themselves have none.
ALTER TABLE diagnostics_picture ADD COLUMN paper_file text CHECK (paper_file ~ '^[0-9a-f]{64}$');
