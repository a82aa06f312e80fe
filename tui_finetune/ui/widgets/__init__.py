"""What the screens are made of: painted lines, a table, the frame around every screen, sheets, a field."""
