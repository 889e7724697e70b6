"""Everyone else, simulated: one small HTTP app for each outside party, with its real protocol and its own books.

It is how we are tested against something that is not us. It is reached over HTTP at an address, as the real party
would be, signs with keys of its own, and writes down what was really done, however often.
May import: starlette, uvicorn, httpx, cryptography. Imports nothing of ours, and the product never imports it.
"""
