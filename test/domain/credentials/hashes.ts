// Hashes of `correct horse`, each made by the library that its name says: passlib 1.7, bcrypt and argon2-cffi of Python, and Django.
export const PASSWORD = 'correct horse'
export const HASHES: Readonly<Record<string, string>> = {
  'passlib pbkdf2_sha256': '$pbkdf2-sha256$29000$hTCm9F6LsTYmpJRS6t17Lw$LCFHz7H9Ekr1scwb4bgHewfNBokQYKvt8.4w6E2qo7k',
  'passlib pbkdf2_sha1': '$pbkdf2$5000$P0eIUcrZ.5/znjOGcE7p/Q$BLaBNt.k2YjE57BlSbpiXs9z13o',
  'passlib pbkdf2_sha512':
    '$pbkdf2-sha512$5000$VQrhXCvlvNeaE0KIkRIihA$bs0LuClqHXkCKkYlHUPZtphPqH7FKqIV6FMRro0p1i1H4JkpuHciZdArzm1t4K9238qh5ZCyGHUPs51IG2..eg',
  'OpenLDAP {PBKDF2}': '{PBKDF2}5000$pfS.F2JszTlnrFVKScn5Xw$1woDLgefn9nCBZHadtADucnJBZk',
  'OpenLDAP {PBKDF2-SHA256}': '{PBKDF2-SHA256}5000$1Nr7P8f43xtjTMl5TwkBQA$9QCAmTQCKuHZCTLTz8HAErBHroMq2TEYm7DJHJDnM9I',
  'OpenLDAP {PBKDF2-SHA512}':
    '{PBKDF2-SHA512}5000$gtAa49x7TyklpFQKgZCylg$HFdmimCtpJrno21/jAUq61sNdgyXkP72a7gbdeWBbiA7xsvlnMYg7u30i3Yg1fPXgt.ITJ9PyVo50VwNmj8V3g',
  'passlib scrypt': '$scrypt$ln=12,r=8,p=1$YKz1/v9/b43xPkcIYSxF6A$YViEsSNRpo7qU8+QS+IQpe75TuFcnlDuG2QrRtmHW2Q',
  'bcrypt 2b': '$2b$05$51EoqLVqdyitLtxtMXr59eRktd/aUW5kuwv0CJ7scO8MOZFqyZ4HK',
  'bcrypt 2a': '$2a$05$vJPMxAU7Ca/pNrTELI./3u1wWtLQvLyThC2IqzAhkCzlxRE8qr8zS',
  argon2id: '$argon2id$v=19$m=1024,t=3,p=4$mOYHrH7/BfROLn8emDPxhw$n1Dz0cBtxXgBwURU4hZT6cDX2ONYHdBdcV9rp1tTP+4',
  argon2i: '$argon2i$v=19$m=1024,t=3,p=1$1qCS37s9arkJCe/HaMcpMg$6DFO0RfbXHSwxMrC8UfbSdYqLQvNYh/AZNRtEnodFtM',
  'Django PBKDF2': 'pbkdf2_sha256$20000$aSaltOf16Letters$n9YZiHlJRIHfhHv3b/j4v3H9Jz3TFiK7ary3LqWPvlU=',
  'Django PBKDF2 SHA1': 'pbkdf2_sha1$20000$aSaltOf16Letters$SVLJ+zPgy2affRhRfxLY5w27Zxw=',
  'Django bcrypt': 'bcrypt$$2b$05$5mqjgZ8QPXfem6BC6elbjucveW.1ciQzyL8/DUgdgsk7KWkqQw9yu',
  'Django scrypt':
    'scrypt$4096$aSaltOf16Letters$8$5$2m82kmKsT0fQKcSLYEBLX2zTwgW+Jqu4JWm1PRDUiWV2Jk1xM4Rso509i2ho4xT3mmOjq+cEN9Gkw9YbVWfEbQ==',
}
