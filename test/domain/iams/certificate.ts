/** A certificate (PEM) that vouches for nothing. Valid for a hundred years from 2026 on. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUPOSSBZrnzQlk+op7ykvhj/Jc09cwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLUm9zdGVyIHRlc3QwIBcNMjYxMTIzMDI1MjQ2WhgPMjEyNjEw
MzAwMjUyNDZaMBYxFDASBgNVBAMMC1Jvc3RlciB0ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEjG+kbMLrhlKjoxydOWYY9v6igmQ5OfryMUsOzQz+qoXoMEAl
kdo8bjJjXhkisNq7Rw6tp+z56Q3wL4obEHmecaNTMFEwHQYDVR0OBBYEFDFNACtY
vcI2z7eNLjdv7LFPAmsEMB8GA1UdIwQYMBaAFDFNACtYvcI2z7eNLjdv7LFPAmsE
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgL8cmsCUY3/DKyhNi
Ut9FcI5mR3aWDERMY3UFy/UIO80CIGE6gen5o2ZnhnzKWCpcihXkm/+0egkU+aJV
zqI4yW5o
-----END CERTIFICATE-----
`
/** Another text that trusts the same. */
export const theirs = `# theirs\n${certificate}`
