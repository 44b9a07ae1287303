"""The people's pages: forms in, pages out. Every rule about who may decide what lives in takedown/ and records/."""
