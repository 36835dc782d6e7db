"""The online model: what each next bucket of many series should be, kept up by one bucket after the other."""
