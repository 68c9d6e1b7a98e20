/** The Node.js that the list was taken from, such as `v26.0.0`: it is as old as that. */
export declare const source: string;

/** The authorities, each as the base64 of its DER certificate. */
export declare const certificates: readonly string[];
