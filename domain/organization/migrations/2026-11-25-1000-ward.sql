-- A department where people lie in beds is a place like any other: visits and stays point at it.
ALTER TABLE organization_room DROP CONSTRAINT organization_room_kind_check;
ALTER TABLE organization_room ADD CONSTRAINT organization_room_kind_check
    CHECK (kind IN ('exam', 'lab', 'imaging', 'procedure', 'cashier', 'reception', 'pharmacy', 'ward'));
