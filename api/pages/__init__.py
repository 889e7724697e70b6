"""The pages of the door: for people in front of a screen, a phone or a scanner. Two languages, no foreign parts."""
