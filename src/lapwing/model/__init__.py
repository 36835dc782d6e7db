"""The words of Lapwing as typed, frozen objects, read from YAML."""
