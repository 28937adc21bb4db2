/** A login as Docker's clients hand it over (X-Registry-Auth). */
export interface Credentials {
  username: string;
  password: string;
  /** A refresh token in place of a password (Docker: IdentityToken). */
  identityToken?: string;
  /** A token to send as it is (Docker: RegistryToken). */
  registryToken?: string;
}

/** The logins of one piece of work. */
export interface CredentialSource {
  /** Only of exactly this host, port included; nobody else's login is ever sent there. */
  credentialsFor(host: string): Promise<Credentials | undefined>;
}
